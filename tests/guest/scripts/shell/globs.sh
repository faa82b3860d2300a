mkdir g; cd g; touch a.c b.c abc.h .hidden 'with space' x1 x2 x10 '[odd]'; mkdir d; touch d/in d/.dot
echo *; echo *.c; echo ?.c; echo [ab]*; echo [!a-b]*; echo x[0-9]; echo x*[0-9]
echo .*h*; echo */*; echo d/*; echo none*; echo "*"; echo '*'
echo \[odd\]; echo "[odd]"*
for f in *; do echo "<$f>"; done
set -f; echo *; set +f
case abc.h in *.c) echo c;; *.h) echo h;; esac
cd ..; echo g/*.c; echo g/d/..*/in
