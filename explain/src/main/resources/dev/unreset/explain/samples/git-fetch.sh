# A large clone through a connection that breaks: a small beginning, then the rest in steps.
repository=${REPOSITORY:?address of the repository}
git clone --quiet --depth 1 "$repository" copy
cd copy
for attempt in 1 2 3; do
  git -c http.version=HTTP/1.1 fetch --quiet --unshallow && break
  sleep $((1 << attempt))
done
