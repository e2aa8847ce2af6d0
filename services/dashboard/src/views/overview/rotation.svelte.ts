/** Which of `count` takes its turn, changing every `seconds()`; null while there is no rotation. Call within a component. */
export function rotation(seconds: () => number, count: number): { readonly current: number | null } {
  const turn = $state<{ current: number | null }>({ current: null });
  $effect(() => {
    const every = seconds();
    if (!(every >= 1)) {
      turn.current = null;
      return;
    }
    turn.current = 0;
    const timer = setInterval(() => (turn.current = ((turn.current ?? 0) + 1) % count), every * 1000);
    return () => clearInterval(timer);
  });
  return turn;
}
