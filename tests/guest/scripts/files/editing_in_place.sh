seq 1 1000 > f; for i in 1 2 3 4 5; do sed -i "s/^$i\$/line $i/" f; done; head -n 6 f
md5sum f; { sort -r f > g && mv g f; }; head -n 1 f
for i in $(seq 1 100); do echo $i >> log; done; wc -l log; exec 3>> log 4>> log
echo a >&3; echo b >&4; echo c >&3; tail -n 3 log; exec 3> log; echo x >&3; wc -c < log
exec 3>&- 4>&-; exec 5<> log; cat <&5; echo tail >&5; cat log; ls -A
