// Ranks what the palette offers: all words must occur; beginnings and short names come first.

export interface Candidate {
  id: string;
  text: string;
  /** Further words that are searched but rank lower. */
  more?: string;
}

function scoreWord(word: string, candidate: Candidate): number {
  const text = candidate.text.toLowerCase();
  const at = text.indexOf(word);
  if (at === 0) return 4;
  if (at > 0) return /[a-z0-9]/.test(text[at - 1] ?? '') ? 1 : 3;
  return candidate.more?.toLowerCase().includes(word) ? 0.5 : 0;
}

/** The best `limit` candidates for what was typed, best first; all of them in order for nothing. */
export function rank<T extends Candidate>(typed: string, candidates: readonly T[], limit: number): T[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return candidates.slice(0, limit);
  const scored: Array<{ candidate: T; score: number }> = [];
  for (const candidate of candidates) {
    let score = 0;
    for (const word of words) {
      const each = scoreWord(word, candidate);
      if (each === 0) {
        score = -1;
        break;
      }
      score += each;
    }
    if (score > 0) scored.push({ candidate, score: score - candidate.text.length / 200 });
  }
  return scored
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}
