mkdir -p r/a/b r/c; touch r/one.c r/two.h r/a/three.c r/a/b/four.txt r/.dot
printf '%01000d' 0 > r/big; ln -s one.c r/link; mkfifo r/fifo
touch -d '2000-01-01 00:00:00' r/one.c; chmod 755 r/two.h; mkdir r/empty
find r | sort; find r -name '*.c' | sort; find r -iname 'ONE*'; find r -type d | sort
find r -type l; find r -type p; find r -maxdepth 1 -type f | sort
find r -mindepth 2 | sort; find r -size +500c; find r -size -1k -name '*.h'
find r -empty | sort; find r -newer r/one.c -name '*.h'; find r -perm 755 -type f
find r -perm -100 -type f; find r -path '*/a/*' | sort
find r -name '*.c' -o -name '*.h' | sort
find r \( -name a -o -name c \) -prune -o -type f -print | sort
find r ! -name '*.*' -type f | sort; find r -mtime +1000; find r -links 1 -name big
find r -user $(id -u) -name big; find r -regex '.*/t[a-z]*\.h'
find r -inum $(stat -c %i r/big)
find r -name '*.c' -exec echo found {} \; | sort
find r -type f -name '*.c' -exec echo {} + | wc -w
find r -name '*.c' -print0 | tr '\0' '\n' | sort; find r -depth | head -n 1 | grep -c .
find r -name '*.txt' -exec rm {} \;; find r -name '*.txt'; find missing; echo "status $?"
find r -maxdepth 0; find r -quit; find r -name one.c -exec false \;; echo "status $?"
find r -samefile r/big; find r/ -xdev -name two.h; cd r; find . -name big
find -name two.h; find r 2>/dev/null
