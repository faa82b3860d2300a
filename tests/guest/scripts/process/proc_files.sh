cat /proc/self/comm; tr '\0' ' ' < /proc/self/cmdline; echo; readlink /proc/self/exe
readlink /proc/self/cwd; readlink /proc/self/root
sh -c '[ $(readlink /proc/self) != $$ ] && echo another process'; ls /proc/self/fd
test -d /proc/$$; echo $?; test -d /proc/99999; echo $?
awk '/^(Name|State|Tgid|Threads)/ {print $1, ($1 == "Tgid:" ? "" : $2)}' /proc/self/status
grep -c 'rw-p' /proc/self/maps > /dev/null; echo $?
grep '\[stack\]' /proc/self/maps | awk '{print $2}'; awk '{print NF}' /proc/self/stat
awk '{print NF}' /proc/self/statm; awk '{print NF}' /proc/loadavg /proc/uptime
head -n 1 /proc/meminfo | cut -d: -f1; grep -c ^cpu /proc/stat | awk '{print ($1 > 1)}'
echo x > /proc/self/comm; exec 5< /proc/version; read line <&5; echo ${line%% *}
echo x > /proc/nosuch; cat /proc/self/nosuch; echo "status $?"
ls -l /proc/self/fd/0 | awk '{print $NF}'; sleep 500 & p=$!
# busybox starts an applet as /proc/self/exe and then gives itself its name: wait for that.
until [ "$(cat /proc/$p/comm)" = sleep ]; do sleep 0.01; done
tr '\0' ' ' < /proc/$p/cmdline
kill $p; wait 2>/dev/null; cat /proc/$p/stat 2>/dev/null; echo "status $?"; cat /proc/sys/kernel/ostype
tr '\0' '\n' < /proc/self/environ | grep ^HOME
cut -d' ' -f1 /proc/mounts > /dev/null; echo $?
grep -c . /proc/filesystems | awk '{print ($1 > 2)}'
