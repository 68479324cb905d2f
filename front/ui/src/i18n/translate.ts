// The message catalogue: every text of the page in every language, by one key.
import { useCallback } from 'react';
import { usePreference } from '../preferences/store';
import { en } from './en';
import { zh } from './zh';

export type Language = 'en' | 'zh';
export type MessageKey = keyof typeof en;
export type Params = Readonly<Record<string, string | number>>;
export type Translate = (key: MessageKey, params?: Params) => string;

const catalogues: Record<Language, Record<MessageKey, string>> = { en, zh };

/** Fills `{name}` places of the message; a place without a value stays visible, to be found. */
export function translate(language: Language, key: MessageKey, params?: Params): string {
  const text = catalogues[language][key];
  if (params === undefined) return text;
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(params[name] ?? place));
}

/** Chinese where the browser asks for it, English elsewhere. */
export function browserLanguage(): Language {
  return typeof navigator !== 'undefined' && navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export function useLanguage(): [Language, (language: Language) => void] {
  return usePreference<Language>('language', browserLanguage());
}

export function useTranslate(): Translate {
  const [language] = useLanguage();
  return useCallback((key, params) => translate(language, key, params), [language]);
}
