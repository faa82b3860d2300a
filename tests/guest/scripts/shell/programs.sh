# exec, command, type, eval, source and scripts with an interpreter line.
printf '#!/bin/sh\necho "script $0 with $# arguments: $*"\n' > script; chmod +x script; ./script a 'b c'
printf '#!/bin/busybox sed s/a/X/\nbanana\n' > filter; chmod +x filter; ./filter; echo "status $?"
printf '#! /bin/sh -e\nfalse\necho never\n' > strict; chmod +x strict; ./strict; echo "status $?"
printf 'echo no interpreter line $1\n' > bare; chmod +x bare; ./bare one
printf '#!/no/such/interpreter\n' > broken; chmod +x broken; ./broken; echo "status $?"
printf '#!./script\n' > nested; chmod +x nested; ./nested x
echo 'sourced=yes; echo "in $1"' > lib; . ./lib; echo $sourced
eval 'a=1; echo "eval $a"'; cmd='echo two words'; $cmd; eval "$cmd"
type echo cd sh | head -n 3
command -v ls; command echo plain; command -v nothing; echo $?
(exec echo replaced; echo never)
env -i A=1 B=2 /bin/env | sort; env -u HOME sh -c 'echo "[$HOME]"'
sh script one two; echo 'echo from stdin $1' | sh -s arg
