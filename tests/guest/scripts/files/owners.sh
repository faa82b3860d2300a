# Needs root: what the superuser may do to owners, and what others may not read.
test $(id -u) = 0 || { echo skipped; exit; }
touch f; chown 1:2 f; stat -c '%u %g' f; chown nobody f; stat -c '%U %G' f
chown root:nogroup f; ls -l f | awk '{print $3, $4}'; chgrp 5 f; stat -c %g f; chown :7 f
stat -c '%u %g' f; chmod 4755 f; chown 1 f; stat -c %a f; ln -s f l; chown -h 3 l
stat -c %u l f; chown 4 l; stat -c %u l f
mkdir d; touch d/a; chown -R 9:9 d; stat -c '%u:%g' d d/a; chown nosuchuser f; echo "status $?"
echo secret > s; chmod 600 s; mkdir -m 700 closed; touch closed/in; mkdir -m 1777 sticky
touch sticky/roots
echo 'cat s; ls closed; cat closed/in; rm sticky/roots; rm s; touch sticky/mine; rm sticky/mine; echo "status $?"; touch /new; chmod 666 s; chown 65534 s; id; kill -0 1; cd closed; test -r s; echo $?; test -w .; echo $?; echo x > s' > script
chmod 755 .; setpriv --help > /dev/null 2>&1; su nobody -s /bin/sh -c 'sh script' 2>&1
chown nobody s; chmod 0 s; su -s /bin/sh nobody -c 'cat s; chmod 400 s; cat s'; cat s
