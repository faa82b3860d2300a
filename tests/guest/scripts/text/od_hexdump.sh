printf 'ABC\0\377\n\t12345678901234567890' > f
od f; od -c f; od -x f; od -An -tx1 f; od -An -td1 -j3 -N4 f; od -A x -t x2 f; od -t u4 f
od -a f | head -n 2
hexdump -C f; hexdump f; hexdump -n 4 -e '4/1 "%02x " "\n"' f; xxd f; xxd -p f
xxd -p f | xxd -r -p | cmp - f; echo "status $?"
head -c 64 /dev/zero | od; head -c 64 /dev/zero | od -v | wc -l; strings -n 5 f
