mkdir -p d/e; echo one > d/one; echo two > d/e/two; ln -s one d/link
touch -d '2003-04-05 06:07:08' d/one; chmod 640 d/one
find d | sort | cpio -o -H newc > a.cpio 2>/dev/null; cpio -t < a.cpio 2>/dev/null | sort
mkdir x; (cd x; cpio -id < ../a.cpio 2>/dev/null); find x | sort; cat x/d/e/two
readlink x/d/link; stat -c %a x/d/one; cpio -idu < a.cpio; echo "status $?"; mkdir p
find d | cpio -pd p 2>/dev/null; find p | sort; echo garbage | cpio -t; echo "status $?"
(cd x; cpio -idm ../none < ../a.cpio 2>/dev/null)
(mkdir t; cd t; cpio -idm < ../a.cpio 2>/dev/null; stat -c %Y d/one)
