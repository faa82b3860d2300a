cal 2 2024 | sed 's/ *$//'; cal -m 1 2000 2>/dev/null | wc -l; date -u -d @0
date -u -d @1700000000 '+%Y-%m-%d %H:%M:%S %j %a %b %U %s'
date -u -d '2024-02-29 12:34:56' +%s; date -u -d '1999-12-31' '+%F %T'
date -u -R -d @86400; date -u -I -d @0
date -d bad; echo "status $?"; basename /a/b/c.txt .txt; dirname /a/b/c; dirname x
basename /; ascii 2>/dev/null | head -n 2; tty; echo "status $?"; which ls sh
which none; echo "status $?"
logname 2>/dev/null; uname -s; uname -n; hostname; arch >/dev/null && echo arch
nproc | grep -qx '[0-9]*' && echo a number; clear | od -c | head -n 1
usleep 1000; echo $?
