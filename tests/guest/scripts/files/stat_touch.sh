touch -d '2010-11-12 13:14:15' f; stat -c '%Y %y %s %F %A %h' f
touch -d '2011-01-01 00:00:00' -a f; stat -c '%X %Y' f; touch -r f g; stat -c %Y g
touch -c none; ls none; echo "status $?"; touch -m -d '2012-01-01 00:00:00' f
stat -c '%X %Y' f; touch -t 201301020304.05 f; date -u -r f; touch -d @0 f; stat -c %Y f
touch -d '2105-01-01 00:00:00' f; stat -c %Y f
mkdir d; stat -c '%F %h' d; mkdir d/e; stat -c %h d; ln -s f l; stat -c '%N %F' l
stat -L -c %F l; stat -c %F /dev/null; stat -c '%t %T' /dev/null /dev/zero
stat missing; echo "status $?"; stat -c '%n %B %o' f; before=$(stat -c %Y d); sleep 0.01
touch d/new; [ $(stat -c %Y d) -ge $before ] && echo changed
stat -f -c %T /tmp > /dev/null; echo $?; printf x > f
[ $(stat -c %Y f) -gt 1600000000 ] && echo now; touch -d bad f; echo "status $?"
touch missing/x; echo "status $?"; stat -t f | awk '{print NF}'
