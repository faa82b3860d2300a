id -u; id -g; id -un; id -gn; whoami; groups > /dev/null; id root
id nosuchuser; echo "status $?"; id nobody | cut -d' ' -f1
env | sort | grep -v '^_=' | grep -v OLDPWD; env A=b sh -c 'echo $A'
env -i sh -c 'echo "[$HOME]"'; export B=c; env | grep ^B; unset B; env | grep ^B; echo $?
env nonexistent; echo "status $?"; env /tmp; echo "status $?"; set | grep -c '^HOME='
export -p | grep -c HOME; env X=1 Y=2 env | grep -c '^[XY]='
