# Not cat: Linux's sendfile(2) puts pages of the file into the pipe, where a later write to the file still changes them.
dd if=/dev/zero of=z bs=1024 count=4 2>/dev/null; wc -c < z; printf 0123456789 > d
dd if=d bs=1 skip=3 count=4 2>/dev/null; echo
dd if=d of=d bs=1 seek=8 count=2 conv=notrunc 2>/dev/null; sed '' d; echo
printf AB | dd of=d bs=1 seek=2 conv=notrunc 2>/dev/null; sed '' d; echo
dd if=d bs=4 2>&1 | grep records; printf abc | dd conv=ucase 2>/dev/null; echo
printf abcd | dd conv=swab 2>/dev/null; echo
dd if=/dev/null of=sparse bs=1 seek=1048576 count=0 2>/dev/null; stat -c '%s %b' sparse
dd if=d of=padded ibs=4 conv=sync 2>/dev/null; wc -c < padded
dd if=/dev/zero of=/dev/full bs=1 count=1 2>&1 | grep -o 'full.*'
dd if=missing; echo "status $?"
seq 1 1000 | dd bs=100 count=2 iflag=fullblock 2>/dev/null | wc -c; truncate -s 100 t
stat -c %s t; truncate -s 10 z; stat -c %s z; fallocate -l 5000 fa; stat -c %s fa
cat z | od; sync; dd if=d of=copy bs=3 2>/dev/null; cmp d copy
dd if=/dev/urandom bs=16 count=1 2>/dev/null | wc -c; shred -n 1 -u copy; ls copy; echo $?
