// The reader's language, and how a message of a catalogue is said in it. Switching needs no reload.
import { speak } from "../api/client.ts";
import { kept, keep } from "../app/kept.ts";

export const LANGUAGES = ["kk", "ru", "en"] as const;
export type Lang = (typeof LANGUAGES)[number];
/** One text in Kazakh, Russian and English. */
export type Trilingual = { kk: string; ru: string; en: string };
/** A `texts.json`: TypeScript refuses one in which a language is missing. */
export type Messages = Record<string, Trilingual>;
export type Values = Record<string, string | number>;

class Language {
  current = $state<Lang>("en");

  use(lang: Lang): void {
    this.current = lang;
    document.documentElement.lang = lang;
    speak(lang);
    keep("lang", lang);
  }

  /** What was asked for in the address, chosen before, or what the browser prefers. */
  start(asked: string | null): void {
    const tags = [asked, kept("lang"), ...navigator.languages].map((tag) => tag?.slice(0, 2));
    this.use(LANGUAGES.find((lang) => lang === tags.find((tag) => LANGUAGES.includes(tag as Lang))) ?? "en");
  }
}

export const language = new Language();

/** `say("key", { name: value })` of one catalogue of messages. */
export function sayer<M extends Messages>(messages: M): (key: keyof M & string, values?: Values) => string {
  return (key, values) => fill(messages[key]![language.current], values);
}

/** One of the API's texts in the reader's language. */
export function inLanguage(text: Trilingual | string | null | undefined): string {
  return typeof text === "string" ? text : (text?.[language.current] ?? "");
}

export function fill(template: string, values: Values = {}): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}
