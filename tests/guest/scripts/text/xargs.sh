seq 1 5 | xargs; seq 1 5 | xargs -n 2; printf 'a b\nc\n' | xargs -n 1 echo
printf 'x\0y z\0' | xargs -0 -n 1; seq 3 | xargs -I{} echo item {} end
echo a b c | xargs -t echo 2>&1
printf '' | xargs echo none; printf '' | xargs -r echo none
echo "1 'two words' 3" | xargs -n 1; seq 1 4 | xargs -P 2 -n 1 sh -c 'echo $0' | sort
echo x | xargs sh -c 'exit 3'; echo "status $?"
echo x | xargs false; echo "status $?"; echo x | xargs sh -c 'exit 255'; echo "status $?"
echo x | xargs nonexistent; echo "status $?"; seq 1 20000 | xargs echo | wc -w
echo a,b,c | tr , '\n' | xargs -s 30 echo; find /bin -name 'c[au]*' | sort | xargs ls -d
