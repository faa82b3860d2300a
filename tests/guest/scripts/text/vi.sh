# vi driven by what is typed at it, from a file: how it asks the terminal for its size depends on when keys arrive. Where there is no
# terminal it swallows the first key, so each line begins with one that does nothing.
seq 1 10 > f
printf 'h:%%s/1/one/g\n:wq\n' > keys; vi f < keys > /dev/null; sed '' f
printf 'hddp:wq\n' > keys; vi f < keys > /dev/null; head -n 2 f
printf 'hGoinserted line\033:x\n' > keys; vi f < keys > /dev/null; tail -n 1 f
printf 'h3Gyyp:w copy\n:q!\n' > keys; vi f < keys > /dev/null; wc -l f copy
printf 'h/5\nAappended\033ZZ' > keys; vi f < keys > /dev/null; sed -n 5p f
printf 'hihello world\033bdw:wq\n' > keys; vi new < keys > /dev/null; cat new
vi -c ':2,4d' -c ':wq' f > /dev/null < /dev/null; sed '' f
