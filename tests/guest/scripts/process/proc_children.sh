# The children of a shell, as /proc says.
exec 2>/dev/null
list() { read -r line </proc/$$/task/$$/children; echo "$line" | wc -w; for pid in $line; do [ $pid = $first ] && echo first; [ $pid = $second ] && echo second; done; }
first=0 second=0
list
sleep 1000 & first=$!
sleep 1000 & second=$!
list
kill $first; wait $first
list
kill $second; wait $second
[ -e /proc/$$/children ] || echo only of threads
