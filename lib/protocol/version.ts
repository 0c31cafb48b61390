/** Rises when an older tab and a newer hub would misunderstand each other. */
export const protocolVersion = 4

/** Pages of a version from this one on are heard until their calls have settled, and are then told to reload. */
export const oldestVersion = 3
