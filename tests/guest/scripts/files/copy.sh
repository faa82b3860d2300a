mkdir -p a/b/c; echo one > a/one; echo two > a/b/two; ln -s one a/link
ln -s /nowhere a/broken; chmod 751 a/b; chmod 600 a/one
touch -d '2001-02-03 04:05:06' a/one a/b/two a/b; mkfifo a/fifo
cp -a a z; find z | sort; stat -c '%n %a %F %Y' z/one z/b z/b/two; readlink z/link
readlink z/broken; cmp a/one z/one; echo $?
cp a/one copy; stat -c %a copy; cp -p a/one kept; stat -c '%a %Y' kept; cp -r a/b tree
ls -R tree; cp a/one a/b/two z; ls z; cp a/link follow; cat follow; cp -d a/link same
readlink same
cp missing x; echo "status $?"; cp a x; echo "status $?"; cp a/one a/one; echo "status $?"
cp -r a/one a/b new; echo "status $?"; mkdir new; cp -r a/one a/b new; ls -R new
echo old > target; cp -i a/one target < /dev/null; cat target; cp -f a/one target
cat target; cp -n a/b/two target; cat target; cp -u a/b/two target; cat target
cp -l a/one hard; stat -c %h hard; cp -s /tmp/a/one sym; readlink sym
seq 1 100000 > big; cp big big2; cmp big big2; echo $?; chmod 444 big2
cp a/one big2; echo $?; cat big2; cp -L a/link deref; test -L deref; echo $?
cp -r a a/inside; echo "status $?"
