# A tmpfs mounted by the superuser hides and shows what is below.
test $(id -u) = 0 || { echo skipped; exit; }
mkdir m; echo below > m/f; mount -t tmpfs none m; ls -A m; echo above > m/f; cat m/f
mount | grep -c ' /tmp/m '; grep /tmp/m /proc/mounts | awk '{print $2, $3}'; mkdir m/sub
(cd m/sub; pwd; cd ..; cat f); mv m/f .; ls; umount m; cat m/f; rmdir m; echo "status $?"
umount m; echo "status $?"; mkdir n; mount -t tmpfs -o ro none n
touch n/x; echo "status $?"; cd n; umount /tmp/n; echo "busy: $?"; cd ..; umount n
mount --bind m n; cat n/f; echo via n > n/f; cat m/f; umount n; ls n
mount -t nosuchfs none n; echo "status $?"
