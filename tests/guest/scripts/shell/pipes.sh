echo hi | tr a-z A-Z
echo one two three | cat | wc -w
false | true; echo $?
true | false; echo $?
exit 3
