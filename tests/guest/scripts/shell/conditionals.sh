touch f; mkdir d; ln -s f l; ln -s nowhere broken; chmod 000 f
for t in -e -f -d -L -s -r -x; do for p in f d l broken missing; do [ $t $p ] && echo "$t $p"; done; done
chmod 644 f; touch -d '2020-01-01 00:00:00' f; touch -d '2021-01-01 00:00:00' newer
[ newer -nt f ] && echo newer; [ f -ot newer ] && echo older; [ f -ef l ] && echo same
[ a = a ] && [ a != b ] && [ 1 -lt 2 ] && [ 2 -ge 2 ] && echo strings and numbers
[ -z "" ] && [ -n x ] && ! [ x = y ] && echo empty
[ 1 -eq x ] 2>&1; echo "status $?"
test; echo "no argument: $?"
[[ abc == a* ]] && echo pattern
[ a = a -a b = b ] && [ a = b -o b = b ] && echo and, or
[ \( a = a \) ] && echo parentheses
if false; then echo no; elif true; then echo elif; else echo no; fi
[ -p /dev/null ] || [ -c /dev/null ] && echo character device
[ -t 0 ] || echo no terminal
case word in w?rd) echo matched;; *) echo other;; esac
case "a b" in a\ b|c) echo alternatives;; esac
case x in [a-w]) echo low;; [x-z]) echo high;; esac
