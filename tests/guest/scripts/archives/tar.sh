mkdir -p d/e; echo one > d/one; seq 1 5000 > d/e/big; ln -s one d/link; ln d/one d/hard
chmod 751 d/e; touch -d '2003-04-05 06:07:08' d/one d/e/big d/e d
touch -h -d '2003-04-05 06:07:08' d/link
tar -cf t.tar d/one d/hard d/link d/e; tar -tf t.tar | sort; mkdir x; tar -xf t.tar -C x; find x | sort
cmp d/e/big x/d/e/big; echo $?; readlink x/d/link; stat -c '%n %a %Y' x/d/one x/d/e/big
stat -c %a x/d/e; stat -c %h x/d/hard
tar -tvf t.tar d/one | awk '{print $1, $3, $4, $5}'; tar -cf - d | tar -tf - | wc -l
tar -xOf t.tar d/one; mkdir y; (cd d; tar -cf - .) | (cd y; tar -xf -); ls y
tar -cf u.tar -C d one; tar -tf u.tar; tar -cf o.tar --numeric-owner d/one; tar -tf o.tar
tar -xf missing.tar; echo "status $?"; echo garbage > bad; tar -tf bad; echo "status $?"
rm -r x; mkdir x; tar -xf t.tar -C x d/e/big; find x -type f; tar -czf t.tgz d
tar -tzf t.tgz | wc -l; tar -tf t.tgz | wc -l; rm -r x; mkdir x; tar -xzf t.tgz -C x
diff -r d x/d; echo $?; tar -xf t.tar -C x --strip-components 1 d/one; ls x
head -c 1000 t.tar > cut.tar; tar -xf cut.tar -C x; echo "status $?"
