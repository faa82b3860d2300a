printf 'apple\nBanana\ncherry pie\napple pie\n\n42\n' > f
grep apple f; grep -c apple f; grep -n pie f; grep -v a f; grep -i banana f; grep -x apple f
grep -E '^(apple|cherry)' f; grep -E '[0-9]+' f; grep -F 'e p' f; grep -o 'p[a-z]*' f; grep -w pie f
grep -A1 Banana f; grep -B1 cherry f; grep -C1 cherry f; grep -m1 apple f; grep -e 42 -e Ban f
mkdir -p d/e; cp f d/one; cp f d/e/two; grep -r cherry d | sort; grep -l apple f d/one
grep -L 42 f /dev/null; grep -h 42 f d/one
printf 'Ban\n42\n' > patterns; grep -f patterns f
echo 'a.b*c' | grep 'a\.b\*c'; echo aab | grep 'a\{2\}b'; printf 'x\ty\n' | grep -c '[[:space:]]'
grep nothing f; echo "status $?"; grep x missing; echo "status $?"
grep -s x missing; echo "status $?"; grep -q apple f; echo "status $?"
grep -E 'a{1,2}p+' f; grep -E '(an){2}' f; grep '^$' f | wc -l
