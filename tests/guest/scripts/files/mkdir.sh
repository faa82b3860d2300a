mkdir a; mkdir a; echo "status $?"; mkdir -p a/b/c; mkdir -p a/b/c; echo "status $?"
mkdir x/y; echo "status $?"; mkdir -m 700 private; stat -c %a private
(umask 027; mkdir masked; stat -c %a masked; touch file; stat -c %a file)
mkdir -p -m 711 p/q; stat -c %a p p/q
mkdir a/b/../d; ls a; touch f; mkdir f/g; echo "status $?"; mkdir ''; echo "status $?"
mkdir b/; ls -d b; mkdir -p /tmp//slashes///many/; ls slashes; mkdir one two three
rmdir one two three; mkdir -v new; long=$(printf '%0255d' 0)
mkdir $long; echo "status $?"; mkdir ${long}0; echo "status $?"
install -d i/j; install -m 644 f i/f; stat -c %a i/f; mktemp -d /tmp/xXXXXXX | wc -c
mktemp | cut -c 1-5; cd a/b; pwd; cd ..; pwd; cd ../../..; pwd; ln -s a/b/c /tmp/s
cd /tmp/s; pwd; pwd -P; cd ..; pwd
