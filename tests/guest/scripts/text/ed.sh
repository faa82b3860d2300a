seq 1 5 > f
printf '2,3p\n2d\na\nadded\n.\n1s/1/one/\nw\nq\n' | ed f; cat f
printf '$p\ni\nbefore\n.\nw g\nq\n' | ed -s f 2>/dev/null || printf '$p\ni\nbefore\n.\nw g\nq\n' | ed f
cat g
