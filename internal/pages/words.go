// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"strconv"
	"strings"
)

// words are all that the pages say in one language. {sender} and {topic}, which may be an answer, are filled in. Whoever changes what people agree by changes the
// hashes in their proofs.
type words struct {
	language                                                                  string
	everything                                                                string
	stopTitle, stopText, stopAllText, stopButton, stopAllButton               string
	stoppedText, stoppedAllText                                               string
	choiceTitle, choiceText, keep, start, stop, saveButton, savedText         string
	confirmTitle, confirmText, confirmButton, confirmedText                   string
	surveyTitle, surveyText, answers, other, answerButton                     string
	thanksTitle, thanksText, changeButton, overTitle, overText                string
	doneTitle, nothingText                                                    string
	unknownTitle, unknownText, brokenTitle, brokenText, laterTitle, laterText string
}

var english = &words{
	language: "en", everything: "all newsletters",
	stopTitle: "Unsubscribe?", stopText: "You will no longer get “{topic}” from {sender}.",
	stopAllText: "You will no longer get any newsletters from {sender}.",
	stopButton:  "Unsubscribe", stopAllButton: "Unsubscribe from everything",
	stoppedText: "You have been unsubscribed from “{topic}”. What is on its way already may still arrive.",
	stoppedAllText: "You have been unsubscribed from all newsletters of {sender}. What is on its way already may still arrive. " +
		"Messages about your orders are not affected.",
	choiceTitle: "What may we send you?", choiceText: "Choose what you want to get from {sender}.",
	keep: "Leave it as it is", start: "Send it to me", stop: "Do not send it to me", saveButton: "Save", savedText: "Your choice has been saved.",
	confirmTitle: "Confirm your subscription", confirmText: "By the button below you agree that {sender} sends you “{topic}”. You can unsubscribe at any time.",
	confirmButton: "Yes, subscribe me", confirmedText: "You are now subscribed to “{topic}” by {sender}.",
	surveyTitle: "What stopped you?", surveyText: "{sender} would like to do better. One answer is enough.",
	answers: "Choose one", other: "Something else", answerButton: "Answer",
	thanksTitle: "Thank you!", thanksText: "Your answer is “{topic}”. You can still change it.", changeButton: "Change the answer",
	overTitle: "Thank you!", overText: "{sender} does not ask this any more. There is nothing that you need to do.",
	doneTitle: "Done", nothingText: "Nothing has been changed.",
	unknownTitle: "This link does not work",
	unknownText: "It may have been cut off on its way. Open the message again and use the link in it; or answer the message and say what you would like, " +
		"such as to be unsubscribed.",
	brokenTitle: "That could not be read", brokenText: "Go back, open the page again from the message and repeat your choice.",
	laterTitle: "Please try again", laterText: "Your choice could not be saved just now. Nothing has been changed; try again in a minute.",
}

var russian = &words{
	language: "ru", everything: "все рассылки",
	stopTitle: "Отписаться?", stopText: "Вы больше не будете получать «{topic}» от {sender}.",
	stopAllText: "Вы больше не будете получать рассылки от {sender}.",
	stopButton:  "Отписаться", stopAllButton: "Отписаться от всех рассылок",
	stoppedText: "Вы отписаны от рассылки «{topic}». Письма, которые уже в пути, ещё могут прийти.",
	stoppedAllText: "Вы отписаны от всех рассылок {sender}. Письма, которые уже в пути, ещё могут прийти. " +
		"Сообщения о ваших заказах будут приходить по-прежнему.",
	choiceTitle: "Что вам присылать?", choiceText: "Выберите, что вы хотите получать от {sender}.",
	keep: "Оставить как есть", start: "Присылать", stop: "Не присылать", saveButton: "Сохранить", savedText: "Ваш выбор сохранён.",
	confirmTitle:  "Подтвердите подписку",
	confirmText:   "Нажимая кнопку ниже, вы соглашаетесь получать «{topic}» от {sender}. Отписаться можно в любой момент.",
	confirmButton: "Да, подписаться", confirmedText: "Вы подписаны на «{topic}» от {sender}.",
	surveyTitle: "Что вас остановило?", surveyText: "{sender} хочет стать лучше. Достаточно одного ответа.",
	answers: "Выберите ответ", other: "Другое", answerButton: "Ответить",
	thanksTitle: "Спасибо!", thanksText: "Ваш ответ: «{topic}». Его ещё можно изменить.", changeButton: "Изменить ответ",
	overTitle: "Спасибо!", overText: "{sender} больше не задаёт этот вопрос. Ничего делать не нужно.",
	doneTitle: "Готово", nothingText: "Ничего не изменилось.",
	unknownTitle: "Ссылка не работает",
	unknownText: "Возможно, она обрезалась по дороге. Откройте письмо ещё раз и нажмите на ссылку в нём; или ответьте на письмо и напишите, чего вы хотите, " +
		"например отписаться.",
	brokenTitle: "Не удалось прочитать ответ", brokenText: "Откройте страницу по ссылке из письма ещё раз и повторите выбор.",
	laterTitle: "Попробуйте ещё раз", laterText: "Сейчас сохранить ваш выбор не удалось. Ничего не изменилось; попробуйте через минуту.",
}

// fill puts the sender's and the topic's names into a text.
func fill(text, sender, topic string) string {
	return strings.NewReplacer("{sender}", sender, "{topic}", topic).Replace(text)
}

// wordsOf gives the words of a language that a page was in.
func wordsOf(language string) *words {
	if language == russian.language {
		return russian
	}
	return english
}

// wordsFor chooses by an Accept-Language header: of the languages that there are the one that is wanted most.
func wordsFor(accept string) *words {
	best, weight := english, 0.0
	for i, item := range strings.Split(accept, ",") {
		if i == 32 {
			break
		}
		tag, parameter, _ := strings.Cut(strings.TrimSpace(item), ";")
		wanted := 1.0
		if text, found := strings.CutPrefix(strings.TrimSpace(parameter), "q="); found {
			wanted, _ = strconv.ParseFloat(text, 64) // what cannot be read is not wanted
		}
		base, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if (base == russian.language || base == english.language) && wanted > weight {
			best, weight = wordsOf(base), wanted
		}
	}
	return best
}
