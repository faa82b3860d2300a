echo x > a; mv a b; ls; mkdir d; mv b d; ls d; mv d e; ls e; echo y > e/y; mv e/b e/y .
ls; mv b y; cat y; mv missing x; echo "status $?"
mkdir -p p/q; mv p/q p/q/r; echo "status $?"; mv y p; mv p/y p/z; ls p; echo 1 > one
echo 2 > two; mv -n one two; cat two; mv -i one two < /dev/null; cat two; mv -f one two
cat two; mv -T two three; cat three
mkdir full empty; touch full/f; rmdir empty; rmdir full; echo "status $?"; mv three full/f
mkdir -p x/y/z; rmdir -p x/y/z; ls -d x; echo "status $?"; mkdir other; touch other/o
mv full other; ls other; mv -T other p; echo "status $?"
rm missing; echo "status $?"; rm -f missing; echo "status $?"; rm other; echo "status $?"
rm -r other; ls; mkdir -p deep/a/b/c/d/e; touch deep/a/b/f; rm -rf deep
ls -d deep; echo "status $?"; touch -- -f; rm -- -f; rm -i p < /dev/null
touch 'with space'; rm with*; touch ro; chmod 400 ro; rm -f ro; ls
rm -r .; echo "status $?"; rm -rf ..; echo "status $?"
exec 3<> open; rm open; echo still >&3; cat /dev/fd/3; exec 3>&-; unlink p/z; unlink p; echo "status $?"
