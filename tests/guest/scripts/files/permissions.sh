touch f
for m in 644 755 000 4755 2755 1777 u+x go-w a=r u=rwx,g=rx,o= +x -w g+s u=g; do chmod $m f; stat -c "$m %a %A" f; done
chmod 1777 .; mkdir d; chmod 2750 d; mkdir d/sub; stat -c '%a %A' d/sub; touch d/f
stat -c %a d/f
mkdir -p t/u; touch t/u/f; chmod -R 700 t; stat -c %a t t/u t/u/f; chmod -R a+rX t
stat -c %a t t/u t/u/f; chmod 999 f; echo "status $?"; chmod 644 missing; echo "status $?"
chmod u+x,o-r f; stat -c %a f; ln -s f l; chmod 600 l; stat -c %a f; umask 022; touch x
umask 077; touch y; umask 0; touch z; stat -c '%n %a' x y z; umask -S; umask 027; umask
umask u=rwx,g=,o=; umask
chmod --reference=x f 2>/dev/null || chmod 644 f; stat -c %a f
