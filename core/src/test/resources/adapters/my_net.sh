#!/usr/bin/env bash
# Any program that can repeat its work N times can be driven from a shell.
batch=1
while IFS= read -r m; do
  id=${m#*\"id\":}; id=${id%%[,\}]*}
  case $m in
    *'"op":"hello"'*)   echo "{\"re\":$id,\"ok\":true,\"nwp\":1,\"name\":\"my-binary\"}" ;;
    *'"op":"prepare"'*) batch=${m#*\"batch\":}; batch=${batch%%[,\}]*}; echo "{\"re\":$id,\"ok\":true}" ;;
    *'"op":"run"'*)
      s=${m#*\"seconds\":}; s=${s%%[,\}]*}; n=0; SECONDS=0
      while [ "$SECONDS" -le "${s%.*}" ]; do             # SECONDS is whole: at least what was asked
        ./my-binary --batch "$batch" --repeat 100 >&2 || { echo "{\"re\":$id,\"ok\":false,\"error\":{\"code\":\"INTERNAL\",\"message\":\"exit $?\"}}"; continue 2; }
        n=$((n + 100))
      done
      echo "{\"re\":$id,\"ok\":true,\"iterations\":$n,\"elements\":$((n * batch))}" ;;
    *) echo "{\"re\":$id,\"ok\":true}" ;;
  esac
  case $m in *'"op":"close"'*) exit 0 ;; esac
done
