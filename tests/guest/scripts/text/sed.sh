seq 1 10 > n
sed -n 3p n; sed 3q n; sed -n '2,4p' n; sed '1d;$d' n | tr '\n' ' '; echo; sed -n '$=' n
sed -n '/5/,/7/p' n | tr '\n' ' '; echo
echo hello world | sed 's/o/0/; s/l/L/2; s/w\(or\)ld/\1 & w/'
echo aaa | sed 's/a/b/g'; echo 'a/b' | sed 's|/|-|'; echo abc | sed 'y/abc/xyz/'
echo Hello | sed 's/hello/x/I'
printf 'a\nb\n' | sed 'a after' ; printf 'a\nb\n' | sed '2i before'; printf 'a\nb\n' | sed '1c changed'
printf 'k=v\nx=y\n' | sed -E 's/^([a-z])=([a-z])$/\2=\1/'
printf '1\n2\n3\n4\n' | sed 'N;s/\n/+/'; printf '1\n2\n3\n' | sed -n 'H;${x;s/\n/,/g;p}'
printf '1\n2\n3\n' | sed '1!G;h;$!d'
sed -i 's/^1$/one/' n; head -n 1 n; cp n m; sed -i.bak '/[0-9]/d' m; cat m; wc -l < m.bak
printf 'x\n' | sed ':a; s/^\(.\{0,4\}\)$/\1x/; ta'
sed -n '/9/{s/9/nine/;p;q}' n; echo abc | sed 's/b/\n/'
printf 'a b\n' | sed 's/\(.*\) \(.*\)/\2 \1/w out'; cat out
echo path | sed -e 's/p/P/' -e 's/h/H/'; printf 's/a/b/\ns/b/c/\n' > script; echo a | sed -f script
sed p missing; echo "status $?"; echo x | sed 's/x/[&]\&/'; seq 5 | sed '2,+1d' | tr '\n' ' '; echo
