mkfifo f; ls -l f | cut -c 1-10
(sleep 0.01; echo message > f) & cat f; wait
cat f > copy & seq 1 10000 > f; wait; wc -l copy
mkfifo in out
(while read line; do echo "<$line>"; done < in > out) &
exec 3> in 4< out
for word in one two three; do echo $word >&3; read answer <&4; echo $answer; done
exec 3>&-; cat <&4; wait; exec 4<&-
# Several writers of one fifo, each write below PIPE_BUF.
sort < f > sorted & exec 5> f; for i in 1 2 3 4; do (echo line $i >&5) & done; exec 5>&-; wait; cat sorted
mkfifo f; echo "status $?"
test -p f && echo is a fifo
rm f; test -e f || echo gone
