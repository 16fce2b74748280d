void cairn_placeholder(void);
