# Descriptors opened, duplicated, moved and closed by exec.
exec 3> out; echo to three >&3; echo again >&3; exec 3>&-; cat out
echo fail >&3; echo "status $?"
exec 4< out; read first <&4; read second <&4; echo "$second/$first"; read third <&4; echo "eof $?"; exec 4<&-
printf 'abcdef\n' > rw; exec 5<> rw; read line <&5; echo "read $line"; echo more >&5; exec 5>&-; cat rw
exec 6>&1; exec > captured; echo hidden; exec >&6 6>&-; echo shown; cat captured
{ echo a; echo b >&2; } 2>&1 | sort
exec 7< out 8<&7; read x <&7; read y <&8; echo "shared offset: $x, $y"; exec 7<&- 8<&-
(exec 3> sub; echo inside >&3); cat sub
exec 9<<END
from a here-document
END
cat <&9
