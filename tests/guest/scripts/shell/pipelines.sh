# Pipelines of several stages, their exit status, and groups and compound commands as stages.
printf 'b\na\nc\n' | sort | head -n 2 | tr a-z A-Z | cat -n
{ echo one; echo two; } | (read first; read second; echo "$second $first")
for word in x y z; do echo $word; done | while read word; do echo "[$word]"; done
echo unchanged > value; echo changed | read value; cat value
true | false; echo "last fails: $?"
false | true; echo "last succeeds: $?"
! true | true; echo "negated: $?"
set -o pipefail
false | true; echo "pipefail: $?"
seq 1000 | cat | cat | cat | cat | cat | wc -l
