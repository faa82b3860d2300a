printf 'hello\n' > f
printf '\3757zXZ\0\0\4\346\326\264F\4\300\n\6!\1\34\0\0\0\0\0' > /dev/null
xzcat f; echo "status $?"; unxz f; echo "status $?"; lzop -h > /dev/null 2>&1
seq 1 3000 > g; lzop -k g 2>/dev/null && lzop -dc g.lzo | cmp - g; echo $?
ar -t f; echo "status $?"; rpm2cpio f; echo "status $?"; dpkg-deb -c f; echo "status $?"
uncompress -h > /dev/null 2>&1; unzip -l f; echo "status $?"
