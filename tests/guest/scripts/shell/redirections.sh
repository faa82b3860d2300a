echo one > a; echo two >> a; cat < a
echo three > a; cat a
ls /nonexistent 2> errors; echo "status $?"; cat errors
{ echo out; echo err >&2; } > both 2>&1; cat both
{ echo out; echo err >&2; } 2>&1 > only | cat; cat only
echo appended >> new; cat new
: > a; wc -c < a
echo clobber > a; set -C; echo again > a; echo "noclobber: $?"; echo forced >| a; cat a; set +C
cat < missing; echo "status $?"
echo text > /nonexistent/file; echo "status $?"
echo text > /; echo "status $?"
> empty; ls -s empty | wc -l
echo x 1>&2 2>/dev/null
