printf 'hello' > f; : > empty; seq 1 100000 > big
md5sum f empty big; sha1sum f; sha256sum f empty big; sha512sum f; sha3sum f; crc32 f
md5sum f big > sums; md5sum -c sums; sha256sum f | sha256sum -c; echo changed > f
md5sum -c sums; echo "status $?"; md5sum -c -s sums; echo "status $?"
printf abc | md5sum; md5sum < big; md5sum missing; echo "status $?"
