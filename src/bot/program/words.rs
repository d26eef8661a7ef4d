//! What the machine says by itself.

/// Sentences the machine says by itself, in the bot's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The yes of a confirmation.
    pub yes: String,
    /// The no of a confirmation.
    pub no: String,
    /// The option that shows the next page.
    pub more: String,
    /// Said when a late tap is rejected.
    pub stale: String,
    /// Said when an answer does not fit and the question has no `invalid` text.
    pub invalid: String,
    /// The text over a menu that has none.
    pub choose: String,
    /// Asked about a late tap on a menu whose policy is `ask`; `{}` stands for the option's label.
    pub ask: String,
    /// Asked about a late answer to a question whose policy is `ask`; `{}` stands for the option's label.
    pub change: String,
    /// Said of a late answer that was stored where the person is elsewhere by now; `{}` stands for the option's label.
    pub noted: String,
}

impl Default for Words {
    fn default() -> Self {
        Words {
            yes: "Yes".into(),
            no: "No".into(),
            more: "More …".into(),
            stale: "That no longer counts.".into(),
            invalid: "That does not fit.".into(),
            choose: "Please choose:".into(),
            ask: "That was about “{}”. Go there?".into(),
            change: "That was about “{}”. Change it?".into(),
            noted: "Noted: {}.".into(),
        }
    }
}

impl Words {
    /// The words of a language by its tag, as `de` or `pt-BR`; `None` where they are not known.
    pub fn of(lang: &str) -> Option<Self> {
        let [yes, no, more, stale, invalid, choose, ask, change, noted] = match lang.split(['-', '_']).next()?.to_lowercase().as_str() {
            "en" => return Some(Words::default()),
            "de" => [
                "Ja",
                "Nein",
                "Mehr …",
                "Das gilt nicht mehr.",
                "Das passt nicht.",
                "Bitte wählen:",
                "Das gehörte zu „{}“. Dorthin gehen?",
                "Das gehörte zu „{}“. Ändern?",
                "Notiert: {}.",
            ],
            "fr" => [
                "Oui",
                "Non",
                "Plus …",
                "Ce n’est plus valable.",
                "Cela ne convient pas.",
                "Veuillez choisir :",
                "C’était à propos de « {} ». Y aller ?",
                "C’était à propos de « {} ». Modifier ?",
                "C’est noté : {}.",
            ],
            "es" => [
                "Sí",
                "No",
                "Más …",
                "Eso ya no vale.",
                "Eso no sirve.",
                "Elige, por favor:",
                "Eso era sobre «{}». ¿Ir allí?",
                "Eso era sobre «{}». ¿Cambiarlo?",
                "Anotado: {}.",
            ],
            "it" => [
                "Sì",
                "No",
                "Altro …",
                "Non vale più.",
                "Non va bene.",
                "Scegli, per favore:",
                "Riguardava «{}». Ci andiamo?",
                "Riguardava «{}». Cambiarlo?",
                "Annotato: {}.",
            ],
            "pt" => [
                "Sim",
                "Não",
                "Mais …",
                "Isso já não vale.",
                "Isso não serve.",
                "Escolha, por favor:",
                "Isso era sobre “{}”. Ir para lá?",
                "Isso era sobre “{}”. Alterar?",
                "Anotado: {}.",
            ],
            "nl" => [
                "Ja",
                "Nee",
                "Meer …",
                "Dat geldt niet meer.",
                "Dat past niet.",
                "Maak een keuze:",
                "Dat ging over ‘{}’. Daarheen gaan?",
                "Dat ging over ‘{}’. Wijzigen?",
                "Genoteerd: {}.",
            ],
            "ja" => [
                "はい",
                "いいえ",
                "もっと見る …",
                "それはもう無効です。",
                "その答えは使えません。",
                "選んでください:",
                "「{}」についてでした。そちらに移りますか?",
                "「{}」についてでした。変更しますか?",
                "承りました: {}。",
            ],
            _ => return None,
        }
        .map(str::to_owned);
        Some(Words { yes, no, more, stale, invalid, choose, ask, change, noted })
    }
}
