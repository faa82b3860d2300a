x=1; (x=2; echo "inside $x"); echo "outside $x"
(cd /bin; pwd); pwd
(exit 5); echo "status $?"
echo $(x=3; echo $x) $x
{ x=4; }; echo $x
(trap 'echo subshell exit' EXIT; echo body); echo after
((x = 7)); echo "$x"
(umask 077; umask); umask
(set -- a b; echo $#); echo $#
export visible=yes hidden; hidden=no; sh -c 'echo $visible $hidden'
v=temp sh -c 'echo $v'; echo "[$v]"
value=$(exit 3); echo "status $?"
(a=$(echo one; echo two); echo "$a"; echo $a)
(until [ -e fast ]; do sleep 0.01; done; echo slow) & (echo fast); touch fast; wait
(((echo deep)))
(kill -TERM $(sh -c 'echo $PPID')); echo "status $?"
