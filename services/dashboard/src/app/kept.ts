// What a browser remembers of its reader: language, theme, city. Private windows may refuse.

export function kept(name: string): string | null {
  try {
    return localStorage.getItem(`ahual.${name}`);
  } catch {
    return null;
  }
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`ahual.${name}`, value);
  } catch {
    // It is asked for again next time.
  }
}
