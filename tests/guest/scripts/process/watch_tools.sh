time -f '%C' true 2>&1; time sh -c 'exit 2' 2>/dev/null; echo "status $?"
chrt -p $$ > /dev/null 2>&1; taskset -p $$ > /dev/null 2>&1; echo done
renice 5 $$ > /dev/null 2>&1; echo $?; ionice -c 3 true > /dev/null 2>&1
watch -n 1 -t false > /dev/null 2>&1 & p=$!; sleep 0.1; kill $p; wait $p 2>/dev/null; echo "status $?"
cttyhack true < /dev/null > /dev/null 2>&1; run-parts --test /tmp; echo "status $?"
mkdir parts; printf '#!/bin/sh\necho part $0\n' > parts/one; chmod +x parts/one
run-parts parts; mesg > /dev/null 2>&1; logger -s hi 2>/dev/null; hostname
dnsdomainname 2>/dev/null; nproc --all > /dev/null; getconf 2>/dev/null
sysctl kernel.ostype; echo $?; ipcs -q 2>/dev/null | head -n 1; reset > /dev/null 2>&1
echo end
