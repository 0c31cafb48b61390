/** Rises when an older tab and a newer hub would misunderstand each other. */
export const protocolVersion = 3
