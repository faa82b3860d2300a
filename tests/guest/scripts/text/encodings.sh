echo hello | base64; echo hello | base64 | base64 -d; head -c 100 /dev/zero | base64 -w 40
echo hello | uuencode name; echo hello | uuencode name | uudecode -o -
printf 'a\r\nb\r\n' | dos2unix | od -c; printf 'a\nb\n' | unix2dos | od -c
echo 'h\x' | base64 -d; echo "status $?"
