/** Words that comments, docs and messages do without: each has a plainer one. `anew`: again; `beside`: next to; `in place of`: instead of. */
export const banned =
  /\b(anew|whoever|shall|beside|in place of|anybody|belongs? into|as a rule|so that who|is told|are told)\b(?! apart)/i
