sh -ec 'echo before; false; echo never'; echo $?
sh -ec 'false || true; if false; then :; fi; ! true; echo survives'; echo $?
sh -ec 'true && false; echo list'; echo $?
sh -ec 'x=$(false); echo never'; echo $?
sh -ec '(false); echo never'; echo $?
sh -ec 'f() { false; echo in; }; f || echo guarded'; echo $?
sh -ec 'trap "echo trapped" EXIT; false'; echo $?
sh -uc 'echo $unset_variable; echo never'; echo $?
sh -c 'set -x; echo traced; a=1'; echo $?
sh -nc 'echo not run'; echo $?
sh -vc 'echo shown'; echo $?
