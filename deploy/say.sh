# Sourced by the scripts beside it, in the project's folder.
say() { # KEY [NAME=VALUE …]: a text of schemas/messages/bootstrap.yaml in the language of AHUAL_LANG
    key=$1; shift
    lang=$(printf %.2s "${AHUAL_LANG:-en}")
    case $lang in kk|ru|en) ;; *) lang=en ;; esac
    said=$(awk -v key="$key:" -v mark="  $lang: " '
        $0 == key { inside = 1; next }
        inside && index($0, mark) == 1 { s = substr($0, length(mark) + 1); gsub(/^"|"$/, "", s); print s; exit }
    ' schemas/messages/bootstrap.yaml)
    for pair in "$@"; do
        said=$(printf '%s' "$said" | awk -v name="{${pair%%=*}}" -v value="${pair#*=}" '{
            while ((i = index($0, name)) > 0) $0 = substr($0, 1, i - 1) value substr($0, i + length(name)); print }')
    done
    printf '%s\n' "$said"
}
