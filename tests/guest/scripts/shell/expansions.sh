path=/usr/local/lib/libm.so.6
echo ${path##*/} ${path#*/} ${path%.*} ${path%%.*} ${#path}
unset u; echo "${u-default} ${u:-colon} [${u+set}] ${u:=assigned} $u ${u:+alternative}"
(: ${missing:?is required}) ; echo "status $?"
empty=; echo "[${empty-a}] [${empty:-b}] [${empty+c}] [${empty:+d}]"
text='one two  three'; echo $text; echo "$text"
set -- $text; echo $# $3
IFS=:; set -- $path:x; echo "$#"; echo "$*"; unset IFS
echo ${path/lib/LIB} ${path//lib/LIB} ${path:5:5} ${path: -4}
x=abc; echo $x$x "${x}d" '$x' \$x
echo "$@"; set --; echo "none: $# [$*]"
echo ~root; echo ~/x; a=~; echo $a
echo {a,b}
echo $((1)) $(echo nested $(echo deeper $(echo deepest)))
echo `echo back\`echo ticks\``
